// Runs before the first paint, so that the page never flashes in the other theme. It is a file of its own because the policy forbids inline scripts.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    let choice = null;
    try {
      choice = localStorage.getItem("theme");
    } catch {
      // Storage is blocked: the system's theme it is.
    }
    const dark = choice === "dark" || (choice !== "light" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  show();
  // The public pages load no other script that follows the system.
  system.addEventListener("change", show);
})();
