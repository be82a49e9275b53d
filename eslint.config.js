import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import typescript from "typescript-eslint";
import { layers } from "./console/eslint-layers.js";

export default defineConfig(
  globalIgnores(["**/dist/", "**/node_modules/", ".venv/", ".venv-clients/", "tests/clients/", "**/schema.ts"]),
  {
    files: ["clients/typescript/**/*.ts", "console/**/*.{ts,tsx}"],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "max-lines": ["error", { max: 300, skipBlankLines: false, skipComments: false }],
    },
  },
  {
    files: ["console/**/*.{ts,tsx}"],
    extends: [hooks.configs.flat["recommended-latest"]],
    plugins: { console: { rules: { layers } } },
    rules: { "console/layers": "error" },
  },
);
