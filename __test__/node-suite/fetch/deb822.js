'use strict';

/**
 * Splits a deb822 file, the format of Debian's control data, into its stanzas.
 *
 * @param {string} text
 * @returns {Record<string, string>[]} field names in lower case
 */
function parseDeb822(text) {
  return text
    .split(/\n[ \t]*\n/)
    .map((stanza) => {
      /** @type {Record<string, string>} */
      const fields = {};
      let name = '';
      for (const line of stanza.split('\n')) {
        if (line.startsWith('#')) continue;
        const field = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
        if (field) {
          name = field[1].toLowerCase();
          fields[name] = field[2].trim();
        } else if (name) {
          fields[name] += `\n${line.trim()}`;
        }
      }
      return fields;
    })
    .filter((fields) => Object.keys(fields).length > 0);
}

module.exports = { parseDeb822 };
