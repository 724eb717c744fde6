export { percentOnly } from "@holdfast/react";
