/**
 * Lint rules: typed, strict, and the few that keep the structure (file length, exhaustive switches).
 */
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist', 'node_modules', '.cache']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 300 }],
      eqeqeq: 'error',
    },
  },
  // The pure core and the agent get time, randomness and output as parameters.
  {
    files: ['src/core/**', 'src/agent/**', 'src/ports/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'comes in through a port' },
        { name: 'console', message: 'report through events' },
        { name: 'setTimeout', message: 'use the Clock port' },
        { name: 'setInterval', message: 'use the Clock port' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'use the Clock port' },
        { object: 'Math', property: 'random', message: 'use the Random port' },
      ],
    },
  },
);
