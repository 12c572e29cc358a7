import { useEffect, useState } from 'react';

/** A picture, JPEG in base64. As a blob: the page's policy needs no `data:` addresses for it. */
export function Still({ base64, label }: { base64: string; label: string }) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [base64]);
  return address === undefined ? null : <img className="still" src={address} alt={label} />;
}
