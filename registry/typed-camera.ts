import type * as z from 'zod';
import { agencyNameFault } from './agency-name.ts';
import { cameraChange, newCamera, type CameraChange } from './camera.ts';
import { lineFaultMessage } from './text.ts';
import { agencyKey } from './thai-names.ts';

/**
 * A camera as people and other systems give it: what its texts must be beside what camera.ts says, by which stored ones are
 * told as well. Of an inventory each cell is read by the same rules (inventory/cell-values.ts).
 */
export const typedCamera = newCamera.superRefine(refuseTexts).meta(newCamera.meta() ?? {});
export const typedChange = cameraChange.superRefine(refuseTexts).meta(cameraChange.meta() ?? {});

const lines = [
  'owningAgency',
  'position',
  'linkNetwork',
  'brand',
  'model',
  'fileFormat',
  'declaredReason',
  'site',
] as const;

function refuseTexts(given: CameraChange, context: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string | undefined): void => {
    if (message !== undefined) context.addIssue({ code: 'custom', path, message });
  };
  for (const field of lines) refuse([field], lineFaultMessage(given[field]));
  const { lao, budgetSource, linkedAgencies = [] } = given;
  refuse(['lao', 'name'], agencyNameFault(lao?.name));
  refuse(['budgetSource'], agencyNameFault(budgetSource));
  for (const [index, name] of linkedAgencies.entries()) {
    refuse(['linkedAgencies', index], lineFaultMessage(name));
  }
  if (new Set(linkedAgencies.map(agencyKey)).size < linkedAgencies.length) {
    refuse(['linkedAgencies'], 'an agency stands twice');
  }
}
