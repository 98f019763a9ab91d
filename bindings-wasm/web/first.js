// Before anything is seen: whether the page is seen as it stands, in English and at its first step, or only when it is as it was left.
(({ dataset }) => {
  const languages = dataset.languages.split(' ');
  const stored = (storage, key) => {
    try {
      return storage()?.getItem(key);
    } catch {
      return undefined;
    }
  };
  const before = stored(() => localStorage, 'mailferry-language');
  dataset.wanted = languages.includes(before) ? before : ([...navigator.languages].map((tag) => tag.slice(0, 2)).find((code) => languages.includes(code)) ?? 'en');
  const isElsewhere = location.hash.length > 1 && location.hash !== '#from';
  if (isElsewhere || /"origin":"\w/.test(stored(() => sessionStorage, 'mailferry') ?? '')) dataset.waits = 'page';
  else if (dataset.wanted !== 'en') dataset.waits = 'language';
  // Each would be known only when the one before it is there.
  if (dataset.wanted !== 'en') document.head.append(...['text.js', `lang/${dataset.wanted}.js`].map((href) => Object.assign(document.createElement('link'), { rel: 'modulepreload', href })));
})(document.documentElement);
