export { Detail } from "./Detail.js";
export { List } from "./List.js";
