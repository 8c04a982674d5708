import { createApp } from "vue";

import App from "./App.vue";
import { i18n, showLanguage } from "./i18n";
import { router, showTitle } from "./router";
import { admitted, keepAsking, knownWho } from "./state/access";
import { followTheme } from "./state/theme";
import { probe } from "./live/abilities";
import { follow } from "./state/store";
import "./styles/tokens.css";
import "./styles/base.css";

followTheme();
showLanguage();
// Whoever may look is told what happens; nobody else asks for it. After signing in, the page begins anew.
void knownWho().then(() => {
  keepAsking();
  if (admitted.value) follow();
});
const app = createApp(App).use(i18n).use(router);
// Which transports there are has to be known before the first picture is asked for; a failed probe leaves H.264 out.
await Promise.all([probe().catch(() => undefined), router.isReady().catch(() => undefined)]);
showTitle();
app.mount("#app");
