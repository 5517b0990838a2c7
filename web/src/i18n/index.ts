import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json';
import ro from './ro.json';

export const LANGUAGES = ['en', 'ro'] as const;
export type Language = (typeof LANGUAGES)[number];
const KEPT = 'throughline.language';

const usual = (): Language => {
  const kept = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  return LANGUAGES.find(language => language === kept) ?? 'en';
};

await i18n.use(initReactI18next).init({
  lng: usual(),
  fallbackLng: 'en',
  resources: { en: { translation: en }, ro: { translation: ro } },
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18n.language;

export function speak(language: Language): void {
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  void i18n.changeLanguage(language);
}
