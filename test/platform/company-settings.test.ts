import { describe, test } from 'vitest';
import { changeCompanySettings } from '../../src/commands/platform/company-settings.ts';
import { CompanySettingsChanged } from '../../src/domain/platform/company-settings.ts';
import { Currency } from '../../src/kernel/money.ts';
import { given } from '../kernel/scenario.ts';

const unused = { facts: { inUse: false } };
const EUR = Currency.parse('EUR');
const euro = CompanySettingsChanged({ settings: { currency: EUR } });

describe('the settings of the company', () => {
  test('change one by one, with a reason where one is given', () =>
    given()
      .when(changeCompanySettings, { currency: 'EUR', reason: 'Moved to Vienna' }, unused)
      .thenEvents(CompanySettingsChanged({ settings: { currency: EUR }, reason: 'Moved to Vienna' })));

  test('stand as they are when they are said again, be it by default', () => {
    given().when(changeCompanySettings, { currency: 'RON' }, unused).thenNothing();
    given(euro).when(changeCompanySettings, { currency: 'EUR' }, unused).thenNothing();
    given(euro).when(changeCompanySettings, {}, unused).thenNothing();
  });

  test('keep the currency of the books once something is kept in it', () =>
    given()
      .when(changeCompanySettings, { currency: 'EUR' }, { facts: { inUse: true } })
      .thenRefuses('CurrencyInUse'));
});
