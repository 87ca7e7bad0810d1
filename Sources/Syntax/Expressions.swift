extension Parser {
    /// A lambda, or a pipe of operators and calls.
    mutating func expression() throws(Panic) -> Expression {
        try nested { parser throws(Panic) in
            if parser.atLambda { return try parser.lambda() }
            return try parser.pipe()
        }
    }

    private var atLambda: Bool {
        switch current.kind {
        case .name: return isNext(.arrow)
        case .symbol(.leftParenthesis):
            let after = position + current.partner + 1
            guard current.partner > 0, after < tokens.count, case .symbol(.arrow) = tokens[after].kind else { return false }
            return true
        default: return false
        }
    }

    private mutating func lambda() throws(Panic) -> Expression {
        let start = current.span.start
        var parameters: [FunctionNode.Parameter] = []
        if case .name(let name) = current.kind {
            parameters = [.init(name: name, pattern: .name(name, current.span), fallback: nil)]
            advance()
        } else {
            parameters = try parameterList()
        }
        try expect(.arrow, "after a lambda's parameters")
        let body = at(.leftBrace) ? try block("") : try expression()
        let node = FunctionNode(
            name: nil, nameSpan: Span(start, start), parameters: parameters, body: body, span: span(from: start), doc: nil)
        return try make(.lambda(node), span(from: start), over: [body] + parameters.compactMap(\.fallback))
    }

    /// `a |> f(b)` becomes `f(a, b)`; `a |> f` and `a |> (v -> …)` a call with the one argument.
    private mutating func pipe() throws(Panic) -> Expression {
        var left = try binary(1)
        while accept(.pipe) {
            let target: Expression
            if atLambda {
                target = try nested { parser throws(Panic) in try parser.lambda() }
            } else {
                target = try postfix()
            }
            let argument = ArgumentNode(name: nil, value: left, span: left.span)
            let span = left.span.joined(target.span)
            if case .call(let callee, let arguments) = target.kind {
                left = try make(.call(callee, [argument] + arguments), target.span, over: [callee, left] + arguments.map(\.value))
            } else {
                switch target.kind {
                case .name, .field, .index, .group, .lambda: break
                default: throw fail("what follows `|>` must be a function or a call", hint: "write a |> f(b) for f(a, b)", at: target.span)
                }
                left = try make(.call(target, [argument]), span, over: [target, left])
            }
        }
        return left
    }

    private enum Infix {
        case or, and, range
        case binary(BinaryOperator)
    }

    /// The operator that stands here and how tightly it binds.
    private var infix: (Infix, level: Int)? {
        switch current.kind {
        case .keyword(.or): return (.or, 1)
        case .keyword(.and): return (.and, 2)
        case .symbol(let symbol):
            switch symbol {
            case .join: return (.binary(.join), 4)
            case .meet: return (.binary(.meet), 5)
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
                return BinaryOperator(rawValue: symbol.rawValue).map { (.binary($0), 6) }
            case .colon:
                // In an index `a:` may lack its end.
                if isNext(.comma) || isNext(.rightBracket) { return nil }
                return (.range, 7)
            case .plus: return (.binary(.add), 8)
            case .minus: return (.binary(.subtract), 8)
            case .times: return (.binary(.multiply), 9)
            case .divide: return (.binary(.divide), 9)
            case .remainder: return (.binary(.remainder), 9)
            default: return nil
            }
        default: return nil
        }
    }

    /// Operators that bind at least as tightly as `level`.
    mutating func binary(_ level: Int) throws(Panic) -> Expression {
        var left: Expression
        if level <= 3, at(.not) {
            let start = current.span.start
            advance()
            let operand = try nested { parser throws(Panic) in try parser.binary(3) }
            left = try make(.unary(.not, operand), from: start, over: operand)
        } else {
            left = try unary()
        }
        while let (infix, strength) = infix, strength >= level {
            let operatorSpan = current.span
            advance()
            if let hint = doubled(operatorSpan) { throw fail("`\(source.text(operatorSpan))` twice", hint: hint) }
            let right = try binary(strength + 1)
            let span = left.span.joined(right.span)
            let kind: Expression.Kind
            switch infix {
            case .or: kind = .or(left, right)
            case .and: kind = .and(left, right)
            case .range: kind = .range(left, right)
            case .binary(let op): kind = .binary(op, left, right, operatorSpan: operatorSpan)
            }
            left = try make(kind, span, over: [left, right])
            if strength == 6 || strength == 7, let again = self.infix, again.level == strength {
                throw strength == 6
                    ? fail("comparisons do not chain", hint: "write a < b and b < c; on masks (a < b) & (b < c)")
                    : fail("a range has one start and one end", hint: "write start:end")
            }
        }
        return left
    }

    /// Operators of other languages that are this one's written twice.
    private func doubled(_ span: Span) -> String? {
        guard current.span.start == span.end, case .symbol(let symbol) = current.kind, symbol.rawValue == source.text(span) else {
            return nil
        }
        switch symbol {
        case .meet: return "write `and`, or & between masks"
        case .join: return "write `or`, or | between masks"
        case .times: return "a power is written ^"
        case .divide: return "a whole quotient is floor(a / b)"
        default: return nil
        }
    }

    private mutating func unary() throws(Panic) -> Expression {
        let start = current.span.start
        let op: UnaryOperator
        if at(.minus) { op = .negate } else if at(.complement) { op = .complement } else { return try power() }
        advance()
        let operand = try nested { parser throws(Panic) in try parser.unary() }
        return try make(.unary(op, operand), from: start, over: operand)
    }

    /// `^` binds to the right, and tighter than a minus before it: -2^2 is -(2^2).
    private mutating func power() throws(Panic) -> Expression {
        let base = try postfix()
        guard at(.power) else { return base }
        let operatorSpan = current.span
        advance()
        let exponent = try nested { parser throws(Panic) in try parser.unary() }
        return try make(
            .binary(.power, base, exponent, operatorSpan: operatorSpan), base.span.joined(exponent.span), over: [base, exponent])
    }

    /// Calls, indices and fields after a value.
    mutating func postfix() throws(Panic) -> Expression {
        let start = current.span.start
        var value = try primary()
        switch value.kind {
        case .conditional, .attempt: return value
        default: break
        }
        while true {
            switch current.kind {
            case .symbol(.leftParenthesis):
                let arguments = try argumentList()
                value = try make(.call(value, arguments), span(from: start), over: [value] + arguments.map(\.value))
            case .symbol(.leftBracket):
                let items = try indexList()
                var children = [value]
                for item in items {
                    switch item {
                    case .at(let e): children.append(e)
                    case .slice(let a, let b, _): children += [a, b].compactMap { $0 }
                    case .ellipsis: break
                    }
                }
                value = try make(.index(value, items), span(from: start), over: children)
            case .symbol(.dot):
                advance()
                if at(.dot) { throw fail("expected a field's name after `.`, found `.`", hint: "a range is written a:b") }
                if case .number = value.kind, !atFieldName { throw fail("a digit is missing after the `.`", hint: "write \(source.text(value.span))") }
                let (name, nameSpan) = try fieldName("a field's name after `.`")
                value = try make(.field(value, name, nameSpan: nameSpan), span(from: start), over: [value])
            default: return value
            }
        }
    }

    private var atFieldName: Bool {
        switch current.kind {
        case .name, .keyword: true
        default: false
        }
    }

    /// Any word may name a field.
    mutating func fieldName(_ purpose: String) throws(Panic) -> (name: String, span: Span) {
        if case .keyword(let word) = current.kind {
            let span = current.span
            advance()
            return (word.rawValue, span)
        }
        return try expectName(purpose)
    }

    private mutating func primary() throws(Panic) -> Expression {
        let token = current
        switch token.kind {
        case .number(let x):
            advance()
            return Expression(.number(x), token.span)
        case .name(let name):
            advance()
            return Expression(.name(name), token.span)
        case .string(let parts):
            return try string(parts)
        case .keyword(.true), .keyword(.false):
            advance()
            if case .keyword(.true) = token.kind { return Expression(.boolean(true), token.span) }
            return Expression(.boolean(false), token.span)
        case .keyword(.none):
            advance()
            return Expression(.none, token.span)
        case .keyword(.if): return try conditional()
        case .keyword(.try): return try attempt()
        case .symbol(.leftParenthesis): return try group()
        case .symbol(.leftBracket): return try list()
        case .symbol(.leftBrace): return try record()
        default: throw fail("expected a value, found \(found)", hint: missingValueHint)
        }
    }

    private var missingValueHint: String? {
        if atNewline, position > 0 {
            switch tokens[position - 1].kind {
            case .symbol, .keyword: return "a value must follow `\(source.text(tokens[position - 1].span))`"
            default: return nil
            }
        }
        switch current.kind {
        case .keyword(.fn): return "a function inside an expression is written x -> … or (a, b) -> …"
        case .keyword(.not): return "`not` binds loosely: put parentheses around it"
        case .keyword(.for) where position > 0 && isAfterBracket: return "a comprehension begins with its items: [f(x) for x in xs]"
        case .keyword(.for), .keyword(.while), .keyword(.return), .keyword(.break), .keyword(.continue), .keyword(.import):
            return "this is a statement of its own line"
        case .keyword(.else): return "`else` follows the `}` of an `if`"
        case .keyword(.catch): return "`catch` follows the `}` of a `try`"
        case .symbol(.meet): return "write `and` for booleans, & between masks"
        case .symbol(.join): return "write `or` for booleans, | between masks"
        case .symbol(.assign) where followsColon: return "a name is bound with name = value"
        case .symbol(.assign): return followsOperator ? "x += 1 is written x = x + 1" : "a comparison is written =="
        case .symbol(.pipe): return "a value must stand before |>"
        case .symbol(.ellipsis): return "... stands before an item of a list, a field of a record or an argument of a call"
        case .symbol(.dot): return "a number begins with a digit: 0.5"
        case .symbol(.plus): return "a plus sign stands between two values"
        default: return nil
        }
    }

    private var followsColon: Bool { if position > 0, case .symbol(.colon) = tokens[position - 1].kind { true } else { false } }
    private var isAfterBracket: Bool { if case .symbol(.leftBracket) = tokens[position - 1].kind { true } else { false } }

    /// True when an arithmetic operator stands right before this token.
    private var followsOperator: Bool {
        guard position > 0, case .symbol(let symbol) = tokens[position - 1].kind, tokens[position - 1].span.end == current.span.start else {
            return false
        }
        return [.plus, .minus, .times, .divide, .remainder, .power].contains(symbol)
    }

    private mutating func conditional() throws(Panic) -> Expression {
        let start = current.span.start
        var branches: [Branch] = []
        var children: [Expression] = []
        var otherwise: Expression?
        repeat {
            advance()
            let condition = try self.condition("if")
            let body = try block("after the condition")
            branches.append(Branch(condition: condition, body: body))
            children += [condition, body]
            guard acceptAfterLine(.else) else { break }
            if at(.if) { continue }
            let body2 = try block("after `else`")
            otherwise = body2
            children.append(body2)
            break
        } while true
        return try make(.conditional(branches, otherwise: otherwise), span(from: start), over: children)
    }

    private mutating func attempt() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        let body = try block("after `try`")
        guard acceptAfterLine(.catch) else {
            throw fail("expected `catch` after the block of `try`, found \(found)", hint: "write try { … } catch e { … }")
        }
        var name: String?
        var nameSpan = current.span
        if !at(.leftBrace) { (name, nameSpan) = try expectName("a name after `catch`") }
        let handler = try block("after `catch`")
        return try make(.attempt(body, name: name, nameSpan: nameSpan, handler: handler), from: start, over: body, handler)
    }

    /// `else` and `catch` may stand on the line after the `}`.
    private mutating func acceptAfterLine(_ keyword: Keyword) -> Bool {
        var i = position
        while case .newline = tokens[i].kind { i += 1 }
        guard case .keyword(keyword) = tokens[i].kind else { return false }
        position = i + 1
        return true
    }
}
