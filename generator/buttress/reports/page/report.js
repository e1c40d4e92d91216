
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  const theme = byId("theme");
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (systemIsDark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  systemIsDark.addEventListener("change", showTheme);
  theme.hidden = false;
  showTheme();

  const spots = [...document.querySelectorAll(".spots > li")].map((element) => {
    const cause = element.closest(".cause");
    const words = `${cause.querySelector("header").textContent} ${element.textContent} ${cause.dataset.recipe}`;
    return { element, cause, words: words.toLowerCase() };
  });
  const causes = [...document.querySelectorAll(".cause")];
  const text = byId("text");
  const pillar = byId("pillar");
  const state = byId("state");
  const recipe = byId("recipe");
  const risks = [...document.querySelectorAll("input[name=risk]")];

  const filter = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = new Set(risks.filter((box) => box.checked).map((box) => box.value));
    const fits = ({ cause, words }) =>
      chosen.has(cause.dataset.risk) &&
      (!pillar.value || cause.dataset.pillar === pillar.value) &&
      (!state.value || cause.dataset.state === state.value) &&
      (!recipe.checked || cause.dataset.recipe !== "") &&
      wanted.every((word) => words.includes(word));
    let count = 0;
    for (const cause of causes) cause.hidden = true;
    for (const spot of spots) {
      const fit = fits(spot);
      spot.element.hidden = !fit;
      if (fit) {
        spot.cause.hidden = false;
        count += 1;
      }
    }
    byId("nothing").hidden = count > 0 || spots.length === 0;
    byId("count").textContent = `${count} of ${spots.length} findings shown`;
  };

  const reset = () => {
    text.value = "";
    pillar.value = "";
    state.value = "";
    recipe.checked = false;
    for (const box of risks) box.checked = true;
    filter();
  };

  if (spots.length) {
    byId("filters").hidden = false;
    text.addEventListener("input", filter);
    for (const control of [pillar, state, recipe, ...risks]) control.addEventListener("change", filter);
    byId("reset").addEventListener("click", () => {
      reset();
      text.focus();
    });
    window.addEventListener("hashchange", () => {
      const target = byId(decodeURIComponent(location.hash.slice(1)));
      if (target && target.closest("[hidden]")) {
        reset();
        target.scrollIntoView();
      }
    });
  }

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".cause:not([hidden]) details:not([open])")];
    for (const details of opened) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
})();
