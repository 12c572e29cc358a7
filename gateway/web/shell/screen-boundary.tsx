import { Component, lazy, type ComponentType, type ReactNode } from 'react';
import { ApiError } from '../api/call.ts';
import { readSession } from '../api/session.ts';
import { isAway, whenBack } from './gateway-back.ts';
import { apiErrorOf } from './use-loaded.ts';
import { Failure } from './pieces.tsx';

/** A screen that is fetched when it is first opened; what keeps it from coming is told as of any other question. */
export function screenOf<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(async () => {
    try {
      return await load();
    } catch (cause) {
      throw new ApiError('no_answer', 'the screen did not come', { cause });
    }
  });
}

interface BoundaryProps {
  /** Of the screen: another one is another try. */
  address: string;
  children: ReactNode;
}

/** A page that is loaded anew for a file that does not come then either is not loaded again and again. */
const RELOAD_EVERY_MS = 60_000;

function wasReloadedJustNow(): boolean {
  const [navigation] = performance.getEntriesByType('navigation');
  const isReload = (navigation as PerformanceNavigationTiming | undefined)?.type === 'reload';
  return isReload && performance.now() < RELOAD_EVERY_MS;
}

/** A screen that does not come, or fails while it is drawn, takes neither the menu nor the other screens with it. */
export class ScreenBoundary extends Component<BoundaryProps, { error: ApiError | undefined }> {
  override state: { error: ApiError | undefined } = { error: undefined };

  static getDerivedStateFromError(failure: unknown): { error: ApiError } {
    return { error: apiErrorOf(failure) };
  }

  #waitNoLonger: () => void = () => {};

  override componentDidUpdate(before: BoundaryProps): void {
    const { error } = this.state;
    if (before.address !== this.props.address && error !== undefined) {
      this.#waitNoLonger();
      this.setState({ error: undefined });
    }
  }

  /** Where the gateway was away, it comes by itself when the gateway does: nothing is typed on a screen that is not there. */
  override componentDidCatch(failure: unknown): void {
    this.#waitNoLonger();
    if (isAway(failure) && !wasReloadedJustNow()) {
      this.#waitNoLonger = whenBack(() => window.location.reload());
    }
  }

  override componentWillUnmount(): void {
    this.#waitNoLonger();
  }

  /** The page is loaded anew, since a browser may hold on to a file that failed, and a newer gateway has others; but not before the gateway answers. */
  readonly #again = async (): Promise<void> => {
    try {
      await readSession();
    } catch (failure) {
      this.setState({ error: apiErrorOf(failure) });
      return;
    }
    window.location.reload();
  };

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main className="page">
        <Failure error={error} onRetry={() => void this.#again()} />
      </main>
    );
  }
}
