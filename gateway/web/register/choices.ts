/** What the registry lets one choose from, by the names of its JSON (registry/camera.ts), in the form's order. */
export const purposes = ['prevention', 'investigation', 'traffic'] as const;
export const scopes = ['public-area', 'adjacent-road', 'closed-area'] as const;
export const declarations = ['working', 'under-repair', 'unrepairable'] as const;
export const transports = ['auto', 'tcp', 'udp'] as const;
