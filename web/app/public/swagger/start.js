// A browser that is signed in to the dashboard tries requests as its user; others give a token under "Authorize".
window.SwaggerUIBundle({
  dom_id: "#api",
  url: "/api/v1/openapi.json",
  deepLinking: true,
  docExpansion: "list",
  tagsSorter: "alpha",
  tryItOutEnabled: true,
  validatorUrl: null,
});
