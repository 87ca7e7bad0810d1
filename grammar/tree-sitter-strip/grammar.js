// Tree-sitter's form of grammar/strip.ebnf, which is the truth. `tree-sitter generate` makes src/parser.c of it.
const { keywords } = require('./words');

const LEVEL = {
  lambda: -1, pipe: 1, or: 2, and: 3, not: 4, join: 5, meet: 6, comparison: 7, range: 8, sum: 9, product: 10, unary: 11, power: 12, postfix: 13,
};

const list1 = (rule) => seq(rule, repeat(seq(',', rule)), optional(','));
const list0 = (rule) => optional(list1(rule));

module.exports = grammar({
  name: 'strip',
  word: ($) => $.identifier,
  extras: ($) => [/[\s\u00a0\u200b\ufeff]/, $.comment],
  // The end of a line that ends a statement; src/scanner.c says where it does not.
  externals: ($) => [$._newline, $._error],

  supertypes: ($) => [$._expression, $._statement],

  conflicts: ($) => [
    [$._expression, $._key],
    [$._expression, $.field_name],
    [$.field_name, $.none],
    [$.field_name, $.false],
    [$.field_name, $.true],
    [$.block, $.record],
    [$.rest, $._expression],
    [$._pattern, $._expression],
  ],

  rules: {
    script: ($) => seq(optional($._statements)),

    _separator: ($) => choice($._newline, ';'),
    _statements: ($) =>
      choice(
        repeat1($._separator),
        seq(repeat($._separator), $._statement, repeat(seq(repeat1($._separator), $._statement)), repeat($._separator)),
      ),

    block: ($) => prec.dynamic(1, seq('{', optional($._statements), '}')),

    _statement: ($) =>
      choice($.binding, $.definition, $.for, $.while, $.break, $.continue, $.return, $.import, $._expression),

    binding: ($) => seq(field('name', choice($._pattern, $.index)), '=', field('value', $._expression)),
    definition: ($) =>
      seq(
        'fn', field('name', $.identifier), field('parameters', $.parameters),
        choice(seq('=', field('body', $._expression)), field('body', $.block)),
      ),
    for: ($) => seq('for', field('pattern', $._pattern), 'in', field('over', $._expression), field('body', $.block)),
    while: ($) => seq('while', field('condition', $._expression), field('body', $.block)),
    break: () => 'break',
    continue: () => 'continue',
    return: ($) => prec.right(seq('return', optional($._expression))),
    import: ($) => seq('import', field('path', $.string)),

    parameters: ($) => seq('(', list0(choice($.parameter, $.rest)), ')'),
    parameter: ($) => seq(field('name', $._pattern), optional(seq('=', field('default', $._expression)))),

    _pattern: ($) => choice($.identifier, $.list_pattern, $.record_pattern),
    list_pattern: ($) => seq('[', list1(choice($._pattern, $.rest)), ']'),
    record_pattern: ($) => seq('{', list1(choice($.identifier, $.field_pattern, $.rest)), '}'),
    field_pattern: ($) => seq(field('name', $._key), ':', field('pattern', $._pattern)),
    rest: ($) => seq($.ellipsis, field('name', $.identifier)),

    _expression: ($) =>
      choice(
        $.lambda, $.pipe, $.binary, $.unary, $.conditional, $.attempt, $.call, $.index, $.member,
        $.number, $.string, $.identifier, $.true, $.false, $.none, $.group, $.list, $.comprehension, $.record,
      ),

    lambda: ($) =>
      prec.right(
        LEVEL.lambda,
        seq(field('parameters', choice($.identifier, $.parameters)), '->', field('body', choice($.block, $._expression))),
      ),
    pipe: ($) => prec.left(LEVEL.pipe, seq(field('value', $._expression), '|>', field('into', $._expression))),

    binary: ($) => {
      const left = [
        ['or', LEVEL.or], ['and', LEVEL.and], ['|', LEVEL.join], ['&', LEVEL.meet],
        ['==', LEVEL.comparison], ['!=', LEVEL.comparison], ['<', LEVEL.comparison], ['<=', LEVEL.comparison],
        ['>', LEVEL.comparison], ['>=', LEVEL.comparison], [':', LEVEL.range],
        ['+', LEVEL.sum], ['-', LEVEL.sum], ['*', LEVEL.product], ['/', LEVEL.product], ['%', LEVEL.product],
      ];
      const side = (operator, level, way) =>
        way(level, seq(field('left', $._expression), field('operator', operator), field('right', $._expression)));
      return choice(...left.map(([operator, level]) => side(operator, level, prec.left)), side('^', LEVEL.power, prec.right));
    },
    unary: ($) =>
      choice(
        prec(LEVEL.not, seq(field('operator', 'not'), field('operand', $._expression))),
        prec(LEVEL.unary, seq(field('operator', choice('-', '~')), field('operand', $._expression))),
      ),

    conditional: ($) =>
      seq(
        'if', field('condition', $._expression), field('then', $.block),
        repeat(seq('else', 'if', field('condition', $._expression), field('then', $.block))),
        optional(seq('else', field('else', $.block))),
      ),
    attempt: ($) => seq('try', field('body', $.block), 'catch', optional(field('name', $.identifier)), field('handler', $.block)),

    call: ($) => prec(LEVEL.postfix, seq(field('function', $._expression), field('arguments', $.arguments))),
    arguments: ($) => seq('(', list0(choice($._expression, $.named_argument, $.spread)), ')'),
    named_argument: ($) => seq(field('name', $.identifier), '=', field('value', $._expression)),
    spread: ($) => seq($.ellipsis, $._expression),

    index: ($) => prec(LEVEL.postfix, seq(field('value', $._expression), '[', list1($._place), ']')),
    _place: ($) => choice($._expression, $.slice, $.ellipsis),
    slice: ($) =>
      choice(
        prec(LEVEL.range, seq(':', optional($._expression))),
        prec(LEVEL.range, seq($._expression, ':')),
      ),
    member: ($) => prec(LEVEL.postfix, seq(field('value', $._expression), '.', field('name', $.field_name))),
    field_name: ($) => choice($.identifier, ...keywords),

    group: ($) => seq('(', $._expression, ')'),
    list: ($) => seq('[', list0(choice($._expression, $.spread)), ']'),
    comprehension: ($) =>
      seq('[', field('item', $._expression), $.for_clause, repeat(choice($.for_clause, $.if_clause)), ']'),
    for_clause: ($) => seq('for', field('pattern', $._pattern), 'in', field('over', $._expression)),
    if_clause: ($) => seq('if', field('condition', $._expression)),
    record: ($) => seq('{', list0(choice($.field, $.spread)), '}'),
    field: ($) => seq(field('name', $._key), ':', field('value', $._expression)),
    _key: ($) => choice($.field_name, $.string),

    true: () => 'true',
    false: () => 'false',
    none: () => 'none',
    ellipsis: () => choice('…', '...'),
    identifier: () => /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}_0-9]*/,
    number: () => /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/,

    string: ($) =>
      seq('"', repeat(choice($.string_content, $.escape, $.interpolation)), token.immediate('"')),
    string_content: () => token.immediate(prec(1, /[^"\\{}\n]+/)),
    escape: () => token.immediate(choice('{{', '}}', /\\[ntr"\\{}]/, /\\u\{[0-9a-fA-F]+\}/)),
    interpolation: ($) => seq(token.immediate('{'), field('value', $._expression), optional(field('format', $.format)), '}'),
    format: () => token(prec(1, /:([<>^][0-9]*|[0-9]+)(\.[0-9]+)?[%e]?|:\.[0-9]+[%e]?|:[%e]/)),

    comment: () => token(/#[^\n]*/),
  },
});
