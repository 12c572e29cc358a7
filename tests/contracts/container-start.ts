/** So long may a container take to start, and what waits for it: beside other work a database took more than a minute. */
export const CONTAINER_START_MS = 180_000;
