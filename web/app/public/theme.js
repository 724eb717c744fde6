// Before the first drawing, so that a dark page never flashes white.
const chosen = localStorage.getItem("holdfast.theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
