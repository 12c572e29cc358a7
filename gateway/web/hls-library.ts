// hls.js exports its class by name too, but its types know only the default.
// oxlint-disable-next-line import/no-named-as-default
import HlsDefault from 'hls.js';

/** The class of hls.js, under one name for lint and types. */
export const Hls = HlsDefault;
/** Can this browser play HLS by Media Source Extensions? */
export const hlsSupported: boolean = Hls.isSupported();
