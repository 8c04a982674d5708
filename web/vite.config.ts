import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

import { precompress } from "./precompress.ts";

// `npm run dev` shows the console with a running server behind it: POPCAM_URL, or the default address.
const server = process.env["POPCAM_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue(), precompress()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    // The message compiler of vue-i18n then builds trees, never functions from text: `eval` is forbidden on our pages.
    __INTLIFY_JIT_COMPILATION__: true,
  },
  build: {
    target: ["chrome111", "edge111", "firefox114", "safari16.4"],
    // Small pictures would become data: addresses in CSS and scripts; as files they cost one cached request.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        // Else each small module that two pages share becomes a file of its own: some thirty requests before the first
        // picture, each with a kilobyte of headers.
        codeSplitting: {
          groups: [
            { name: "vue", test: /node_modules[\\/](?:@vue|vue|vue-router|vue-i18n|@intlify)[\\/]/ },
            { name: "shared", test: /src[\\/](?:api|i18n[\\/][^\\/]+$|live|overlay|state|ui|format)/, minShareCount: 2 },
            { name: "parts", test: /src[\\/]components[\\/][^\\/]+$/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: server, ws: true } } },
});
