export { Detail } from "./Detail.js";
export { List } from "./Tree.js";
