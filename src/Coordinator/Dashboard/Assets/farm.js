// Everything the browser does by itself: the theme, the keyboard, copying, coming back after a lost connection.
(() => {
  'use strict';
  const themeKey = 'renderfarm.theme';
  const root = document.documentElement;

  const remembered = () => { try { return localStorage.getItem(themeKey); } catch { return null; } };
  const remember = theme => { try { localStorage.setItem(themeKey, theme); } catch { /* private window: the choice lasts as long as the page */ } };
  const prefersLight = () => matchMedia('(prefers-color-scheme: light)').matches;
  const apply = theme => { root.dataset.theme = theme ?? (prefersLight() ? 'light' : 'dark'); };

  apply(remembered());
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => apply(remembered()));

  const copy = async text => {
    if (navigator.clipboard) {
      return navigator.clipboard.writeText(text);
    }
    // Plain http on another host than this one has no clipboard API.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };

  document.addEventListener('click', event => {
    const at = selector => event.target.closest?.(selector);
    if (at('[data-theme-toggle]')) {
      const theme = root.dataset.theme === 'light' ? 'dark' : 'light';
      remember(theme);
      apply(theme);
    } else if (at('[data-reload]')) {
      location.reload();
    } else if (at('[data-copy]')) {
      const button = at('[data-copy]');
      copy(document.getElementById(button.dataset.copy).textContent).then(() => {
        button.dataset.copied = '';
        setTimeout(() => delete button.dataset.copied, 1500);
      });
    }
  });

  const isTyping = element => element.closest?.('input, textarea, select, [contenteditable]');
  const move = by => {
    const rows = [...document.querySelectorAll('[data-row] a[data-open]')];
    if (rows.length > 0) {
      const now = rows.findIndex(link => link.closest('[data-row]').contains(document.activeElement));
      rows[Math.max(0, Math.min(rows.length - 1, now + by))].focus();
    }
  };

  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (isTyping(event.target)) {
      if (event.key === 'Escape') {
        event.target.blur();
      }
      return;
    }
    if (event.key === '/') {
      const search = document.querySelector('[data-search]');
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === 'j') {
      move(1);
    } else if (event.key === 'k') {
      move(-1);
    }
  });

  // A page that lost its circuit for good is loaded again as soon as the farm answers; one that keeps losing it, ever more seldom.
  const reloadsKey = 'renderfarm.reloads';
  const reloads = Number(sessionStorage.getItem(reloadsKey) ?? 0);
  setTimeout(() => sessionStorage.removeItem(reloadsKey), 60_000);
  let again = null;
  const answers = () => fetch(document.baseURI, { cache: 'no-store' }).then(answer => answer.ok, () => false);
  const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
  const reloadWhenBack = async () => {
    // A farm that is just stopping still answers once; nothing would bring the page back from a reload that fails.
    if (await answers() && (await pause(1500), await answers())) {
      sessionStorage.setItem(reloadsKey, reloads + 1);
      location.reload();
    } else {
      again = setTimeout(reloadWhenBack, 3000);
    }
  };
  const comeBack = () => { again ??= setTimeout(reloadWhenBack, Math.min(500 * 4 ** reloads, 300_000)); };

  // 'rejected': the server came back without this page's state. The event does not bubble; it is caught on its way down.
  document.addEventListener('components-reconnect-state-changed', event => {
    if (['rejected', 'resume-failed', 'failed'].includes(event.detail.state)) {
      comeBack();
    }
  }, { capture: true });

  // The framework shows this element when it has stopped: by a fault of the page, or of a connection that broke as it was made.
  document.addEventListener('DOMContentLoaded', () => {
    const stopped = document.getElementById('blazor-error-ui');
    if (stopped) {
      new MutationObserver(comeBack).observe(stopped, { attributes: true, attributeFilter: ['style'] });
    }
  });
})();
