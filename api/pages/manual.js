"use strict";

window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    dom_id: "#manual",
    url: "openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    // Without this the page sends the document's address to a validator on the Internet.
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis, window.SwaggerUIBundle.SwaggerUIStandalonePreset].filter(Boolean),
  });
});
