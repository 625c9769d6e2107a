// All behaviours. Each stands alone, is bound by data-*, and everything works without it.
document.documentElement.classList.add("js");

import "./live.js";
import "./rail.js";
import "./menus.js";
import "./dialogs.js";
import "./confirm.js";
import "./copy.js";
import "./passwords.js";
import "./reveal.js";
import "./busy.js";
import "./filters.js";
import "./bulk.js";
import "./rows.js";
import "./shortcuts.js";
import "./search.js";
import "./times.js";
import "./polling.js";
import "./unsaved.js";
import "./insert.js";
import "./focus.js";
import "./requests.js";
import "./print.js";
import "./serials.js";
