/**
 * Where the focus goes among `count` tiles in rows of `columns`, or undefined when the key moves nothing.
 * Down in the last full row goes to the last tile, so that an incomplete row can be reached from every column.
 */
export function nextTile(
  index: number,
  key: string,
  columns: number,
  count: number,
): number | undefined {
  const target = targetOf(index, key, columns, count);
  return target === index ? undefined : target;
}

function targetOf(index: number, key: string, columns: number, count: number): number {
  switch (key) {
    case 'ArrowLeft':
      return Math.max(index - 1, 0);
    case 'ArrowRight':
      return Math.min(index + 1, count - 1);
    case 'ArrowUp':
      return index - columns < 0 ? index : index - columns;
    case 'ArrowDown':
      if (index + columns < count) return index + columns;
      return Math.floor(index / columns) < Math.floor((count - 1) / columns) ? count - 1 : index;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return index;
  }
}
