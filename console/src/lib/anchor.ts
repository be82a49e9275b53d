import { useEffect } from "react";

/** Go to the anchor of the address. The page comes after the document, so the browser has looked for it too early. */
export function useAnchor(): void {
  useEffect(() => {
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
}
