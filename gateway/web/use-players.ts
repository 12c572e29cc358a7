import { useEffect, useRef, useState, type RefObject } from 'react';
import type { PlayMode } from './hls-player.ts';
import type { PlaybackLimits } from './playback.ts';
import { Players, type TilePicture } from './players.ts';
import type { LiveState } from './wire.ts';

/** The players of one view; they stop while `watched` is false. */
export function usePlayers(mode: PlayMode, limits: PlaybackLimits, watched: boolean): Players {
  const [players] = useState(() => new Players({ mode, limits, now: () => performance.now() }));
  useEffect(() => players.setWatched(watched), [players, watched]);
  useEffect(() => {
    const touched = (): void => players.touched();
    window.addEventListener('pointerdown', touched);
    window.addEventListener('keydown', touched);
    return () => {
      window.removeEventListener('pointerdown', touched);
      window.removeEventListener('keydown', touched);
    };
  }, [players]);
  return players;
}

export interface TileRefs {
  frame: RefObject<HTMLDivElement | null>;
  video: RefObject<HTMLVideoElement | null>;
  still: RefObject<HTMLCanvasElement | null>;
}

/** One camera's place among the players. */
export function useTilePicture(
  players: Players,
  cameraId: string,
  live: LiveState | undefined,
): { refs: TileRefs; picture: TilePicture } {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const [picture, setPicture] = useState<TilePicture>('none');
  useEffect(() => {
    if (!frame.current || !video.current || !still.current) return undefined;
    return players.add(
      cameraId,
      { frame: frame.current, video: video.current, still: still.current },
      setPicture,
    );
  }, [players, cameraId]);
  useEffect(() => players.setLive(cameraId, live), [players, cameraId, live]);
  return { refs: { frame, video, still }, picture };
}
