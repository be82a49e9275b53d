"use strict";

// A form's field that a person left empty is one that was not given; a program that sends an empty password is refused.
function withoutEmptyFields(request) {
  if (request.body instanceof FormData) {
    for (const [name, value] of [...request.body.entries()]) {
      if (value === "") {
        request.body.delete(name);
      }
    }
  }
  return request;
}

window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    dom_id: "#manual",
    url: "openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    // Without this the page sends the document's address to a validator on the Internet.
    validatorUrl: null,
    requestInterceptor: withoutEmptyFields,
  });
});
