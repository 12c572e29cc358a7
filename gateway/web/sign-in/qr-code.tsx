import { encode } from 'uqr';

/** A QR code (ISO/IEC 18004) as a picture of squares, black on white whatever the page's colours: scanners want it so. */
export function QrCode({ text, label }: { text: string; label: string }) {
  // The quiet zone is four modules wide.
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const squares = data.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      className="qr-code"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={squares.join('')} fill="#000" />
    </svg>
  );
}
