import { routeHash } from '../route.ts';
import { declaredWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import type { CameraCluster, PlacedCamera } from './camera-clusters.ts';
import { toDrawing, type Point } from './map-view.ts';

/** Other cameras on the small map, by what is declared of them; how many, where one mark stands for several. */
export function CameraMarks(props: {
  clusters: readonly CameraCluster[];
  /** Of the drawing. */
  middle: { x: number; y: number };
  span: number;
  onOpen: (at: Point) => void;
}) {
  const { language } = useLanguage();
  const { clusters, middle, span, onOpen } = props;
  return clusters.map(({ cameras, declared, ...point }) => {
    const { x, y } = toDrawing(point);
    const at = { x: x - middle.x, y: y - middle.y };
    const one = cameras.length === 1 ? cameras[0] : undefined;
    const title = cameras
      .slice(0, MAX_TITLED)
      .map((camera) => `${camera.position} · ${declaredWords(camera.declared ?? '', language)}`)
      .join('\n');
    const mark = (
      <>
        <title>{title}</title>
        <circle
          cx={at.x}
          cy={at.y}
          r={span / (one === undefined ? 38 : 75)}
          strokeWidth={span / 250}
        />
        {one === undefined && (
          <text x={at.x} y={at.y + span / 90} fontSize={span / 32}>
            {cameras.length}
          </text>
        )}
      </>
    );
    // The list below is for the keyboard: the same cameras, by their names.
    return one === undefined ? (
      <g
        key={cameras[0]?.id}
        className="map-mark"
        data-declared={declared}
        onClick={() => onOpen(point)}
      >
        {mark}
      </g>
    ) : (
      <a
        key={one.id}
        className="map-mark"
        data-declared={declared}
        href={routeHash({ view: 'registered', cameraId: one.id })}
        tabIndex={-1}
      >
        {mark}
      </a>
    );
  });
}

/** Names that a mark says. */
const MAX_TITLED = 10;

/** What the marks stand for, to be read and opened without the map. */
export function CameraMarkList({ cameras }: { cameras: readonly PlacedCamera[] }) {
  const { t, language } = useLanguage();
  if (cameras.length === 0) return null;
  return (
    <details>
      <summary>{t('map.others', { count: cameras.length })}</summary>
      <ul className="plain-list">
        {cameras.map(({ id, position, declared }) => (
          <li key={id}>
            <span className="map-key" data-declared={declared} aria-hidden="true" />{' '}
            <a href={routeHash({ view: 'registered', cameraId: id })}>{position}</a>{' '}
            <small>{declaredWords(declared ?? '', language)}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}
