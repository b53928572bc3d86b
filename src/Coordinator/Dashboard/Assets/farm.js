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

  // 'rejected': the server came back without this page's state. 'failed': the framework gave up, this does not.
  let again = null;
  document.addEventListener('components-reconnect-state-changed', event => {
    const state = event.detail.state;
    if (state === 'rejected' || state === 'resume-failed') {
      location.reload();
    } else if (state === 'failed' && again === null) {
      again = setInterval(async () => {
        const answers = await fetch(document.baseURI, { cache: 'no-store' }).then(answer => answer.ok, () => false);
        if (answers) {
          location.reload();
        }
      }, 5000);
    }
  });
})();
