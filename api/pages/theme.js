"use strict";

// Before the first paint, so that the page never flashes in the other theme. The console keeps the choice under this name.
const KEY = "theme";

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is blocked: the theme of the system
  }
}

function apply(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.classList.toggle("dark-mode", dark); // the name of Swagger UI
  document.getElementById("theme")?.setAttribute("aria-pressed", String(dark));
}

function isDark() {
  const choice = chosen();
  return choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function change() {
  const dark = document.documentElement.dataset.theme !== "dark";
  try {
    localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // for this page only
  }
  apply(dark);
}

apply(isDark());
document.addEventListener("DOMContentLoaded", () => {
  apply(isDark());
  document.getElementById("theme")?.addEventListener("click", change);
});
