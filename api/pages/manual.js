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

// Swagger UI leaves lists without a name, code that only a mouse can scroll, and links inside of buttons.
function completeMarkup(root) {
  for (const list of root.querySelectorAll("select:not([aria-label])")) {
    list.setAttribute("aria-label", list.closest("tr")?.dataset.paramName ?? (list.id === "servers" ? "Server" : "Variant"));
  }
  for (const code of root.querySelectorAll("pre:not([tabindex])")) {
    code.tabIndex = 0;
  }
  for (const link of root.querySelectorAll("button a[href]")) {
    link.removeAttribute("href");
  }
  for (const heading of root.querySelectorAll(".info h3:not([aria-level])")) {
    heading.ariaLevel = "2";
  }
}

// Swagger UI needs three times as long for OpenAPI 3.1 as for 3.0, to load and again for each operation that is opened.
// It gets the document as 3.0: what follows is all of 3.1 that the document uses.
function asOpenApi30(part) {
  if (Array.isArray(part)) {
    return part.map(asOpenApi30);
  }
  if (part === null || typeof part !== "object") {
    return part;
  }
  const { anyOf, examples, const: only, exclusiveMinimum, ...rest } = part;
  const found = {};
  for (const [name, value] of Object.entries(rest)) {
    found[name] = name === "example" || name === "default" ? value : asOpenApi30(value);
  }
  if (typeof found.title === "string") {
    delete found.title; // made of the name of the property, which stands beside it
  }
  if (anyOf !== undefined) {
    const types = anyOf.filter((one) => one.type !== "null").map(asOpenApi30);
    Object.assign(found, types.length > 1 ? { anyOf: types } : "$ref" in types[0] ? { allOf: types } : { ...types[0], ...found });
    found.nullable = types.length < anyOf.length;
  }
  if (examples !== undefined) {
    Object.assign(found, Array.isArray(examples) ? { example: examples[0] } : { examples });
  }
  if (only !== undefined) {
    found.enum = [only];
  }
  if (exclusiveMinimum !== undefined) {
    Object.assign(found, { minimum: exclusiveMinimum, exclusiveMinimum: true });
  }
  if ("in" in found) {
    delete found.schema?.example; // a parameter's would stand in its field, and be sent
  }
  return found;
}

function withDocumentAsOpenApi30(response) {
  if (response.url.endsWith("/openapi.json")) {
    const { paths, components, ...rest } = JSON.parse(response.text);
    const document = { ...rest, openapi: "3.0.3", paths: asOpenApi30(paths), components: asOpenApi30(components) };
    response.text = JSON.stringify(document);
  }
  return response;
}

window.addEventListener("DOMContentLoaded", () => {
  const manual = document.getElementById("manual");
  const observer = new MutationObserver(() => completeMarkup(manual));
  observer.observe(manual, { childList: true, subtree: true, attributes: true, attributeFilter: ["href"] });
  window.SwaggerUIBundle({
    dom_id: "#manual",
    url: "openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    defaultModelExpandDepth: 2,
    // Without this the page sends the document's address to a validator on the Internet.
    validatorUrl: null,
    requestInterceptor: withoutEmptyFields,
    responseInterceptor: withDocumentAsOpenApi30,
  });
});
