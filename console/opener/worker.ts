self.onmessage = () => { self.postMessage({ kind: "failed", code: "internal", detail: "no engine yet" }); };
