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

window.addEventListener("DOMContentLoaded", () => {
  const manual = document.getElementById("manual");
  const observer = new MutationObserver(() => completeMarkup(manual));
  observer.observe(manual, { childList: true, subtree: true, attributes: true, attributeFilter: ["href"] });
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
