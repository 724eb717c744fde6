export { List } from "./List.js";
