// Draws the charts of results. Their numbers stand in the page; what changes with a filter is drawn anew.
(() => {
  "use strict";
  const drawn = new Map();

  function tones() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {
      arrived: colour("--brand"), trouble: colour("--bad-ink"), quiet: colour("--edge-strong"), open: colour("--coin"),
      ink: colour("--ink-soft"), edge: colour("--edge"),
    };
  }

  // A period is named by its first day; months by themselves.
  function periods(told) {
    const shown = told.interval === "month" ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" };
    const written = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { ...shown, timeZone: "UTC" });
    return told.labels.map((day) => written.format(new Date(`${day}T00:00:00Z`)));
  }

  function draw(canvas) {
    const told = JSON.parse(canvas.dataset.chart);
    const tone = tones();
    const rtl = document.documentElement.dir === "rtl";
    const font = getComputedStyle(document.body).fontFamily;
    const axis = { ticks: { color: tone.ink, maxRotation: 0, autoSkipPadding: 12, font: { family: font } }, grid: { color: tone.edge }, border: { display: false } };
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: periods(told),
        datasets: told.sets.map((set) => ({
          label: set.label, data: set.data, backgroundColor: tone[set.tone], borderRadius: 3, maxBarThickness: 36,
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        locale: `${document.documentElement.lang}-u-nu-latn`,
        scales: {
          x: { ...axis, stacked: told.stacked, reverse: rtl, grid: { display: false } },
          y: { ...axis, stacked: told.stacked, beginAtZero: true, position: rtl ? "right" : "left" },
        },
        plugins: {
          legend: { rtl, position: "bottom", labels: { color: tone.ink, boxWidth: 12, boxHeight: 12, font: { family: font } } },
          tooltip: { rtl, textDirection: rtl ? "rtl" : "ltr", bodyFont: { family: font }, titleFont: { family: font } },
        },
      },
    });
  }

  function drawAll() {
    for (const [canvas, chart] of drawn) {
      chart.destroy();
      drawn.delete(canvas);
    }
    if (typeof Chart === "undefined") return;
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) drawn.set(canvas, draw(canvas));
  }

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
