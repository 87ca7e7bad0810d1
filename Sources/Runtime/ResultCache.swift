import Glibc
import Imaging
import Support

/// A folder of results of functions: each in a file whose name is a hash of everything that the result follows from.
///
/// Several processes may share the folder. A file appears whole or not at all; of two that compute the same result at the same time, the one that is ready later
/// puts its equal file in the place of the other's. A file that is damaged counts as missing.
public struct ResultCache: Sendable {
    private let folder: String
    /// What makes one program's results another's: its version, and the layout of files.
    private let version: String

    /// Makes the folder unless it is there. Throws `FileError`.
    public init(folder: String, version: String) throws(FileError) {
        try FileSystem.makeFolder(folder)
        (self.folder, self.version) = (folder, version)
    }

    private static let signature = Array("strip-result-1\n".utf8)

    /// The name of a call's result: a hash of the program's version, of the function's text with all values that it reads, and of the arguments. A string that names a file stands
    /// for the file's bytes and its name without the folders, so that a cohort may move.
    ///
    /// Throws `FunctionTextError` where the function reads what has no text, `ValueCodingError` for arguments that are no data, `FileError`.
    public func key(_ function: Function, _ arguments: [(name: String, value: Value)], path: (String) throws -> String) throws -> String {
        var hash = ContentHash()
        hash.add(version)
        hash.add(try function.text())
        for (name, value) in arguments {
            hash.add(name)
            try add(value, to: &hash, path)
        }
        return hash.text
    }

    private func add(_ value: Value, to hash: inout ContentHash, _ path: (String) throws -> String) throws {
        switch value {
        case .string(let text):
            hash.add(text.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? text)
            // What cannot be a name is no file, and a string like any other.
            let file = (try? path(text)) ?? text
            var status = stat()
            if !file.isEmpty, stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                try Interrupt.check()
                hash.add(1)
                let mapped = try MappedFile(file)
                withExtendedLifetime(mapped) { hash.add(mapped.bytes) }
            } else {
                hash.add(0)
                hash.add(text)
            }
        case .list(let list):
            hash.add(UInt64(list.count))
            for (i, item) in list.enumerated() {
                if i & 4095 == 0 { try Interrupt.check() }
                try add(item, to: &hash, path)
            }
        case .record(let record):
            hash.add(UInt64(record.fields.count))
            for (name, field) in record.fields {
                hash.add(name)
                try add(field, to: &hash, path)
            }
        case .function(let function): hash.add(try function.text())
        default: hash.add(try ValueCoding.encode(value))
        }
    }

    private func path(_ key: String) -> String { "\(folder)/\(key).result" }

    /// The kept result; nil where there is none, or the file is damaged.
    public func find(_ key: String) -> Value? {
        guard let file = try? MappedFile(path(key)) else { return nil }
        return withExtendedLifetime(file) { Self.result(file.bytes) }
    }

    private static func result(_ bytes: UnsafeRawBufferPointer) -> Value? {
        guard bytes.count > Self.signature.count + 16, bytes.prefix(Self.signature.count).elementsEqual(Self.signature) else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: bytes[(Self.signature.count + 16)...])
        var hash = ContentHash()
        hash.add(body)
        let words = SIMD2(
            bytes.loadUnaligned(fromByteOffset: Self.signature.count, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: Self.signature.count + 8, as: UInt64.self))
        guard words == hash.words, let value = try? ValueCoding.decode(body) else { return nil }
        return value
    }

    /// Keeps a result. Throws `ValueCodingError.kind` for what is no data, `FileError` where the file cannot be written.
    public func keep(_ value: Value, _ key: String) throws {
        let body = try ValueCoding.encode(value)
        var hash = ContentHash()
        hash.add(body)
        let file = try AtomicFile(path(key))
        try Self.signature.withUnsafeBytes { try file.write($0) }
        try withUnsafeBytes(of: hash.words) { try file.write($0) }
        try body.withUnsafeBytes { try file.write($0) }
        try file.commit()
    }
}

extension Function {
    /// A function of the same name and parameters whose results are kept in a folder, and taken from there when it is called again with the same.
    ///
    /// - Parameter onFailure: told where a result cannot be written; the call gives it all the same.
    /// - Throws: `FunctionTextError` where the function reads what has no text, `FailureText` for a builtin that takes any number of arguments.
    public static func caching(
        _ function: Function, in cache: ResultCache, onFailure: @escaping @Sendable (Context, any Error) -> Void
    ) throws -> Function {
        _ = try function.text()
        let parameters: [Parameter]
        switch function.kind {
        case .builtin(let builtin): parameters = builtin.parameters
        case .closure(let code, _):
            parameters = code.parameters.enumerated().map { i, parameter in
                let fallback = parameter.fallback == nil ? nil : Value.none
                return Parameter(name: parameter.name, doc: "", type: Value.typeName, words: [], defaultValue: fallback, isRest: i == code.rest)
            }
        }
        if parameters.contains(where: \.isRest) {
            throw FailureText(
                message: "\(function.name) takes any number of arguments, which cannot be kept by their names",
                hint: "wrap it in a function that takes a list")
        }
        let names = parameters.map(\.name)
        return Function(
            Builtin(caching: function, parameters: parameters) { context, bound in
                let arguments = zip(names, bound.values).compactMap { name, value in value.map { (name: name, value: $0) } }
                let key = try cache.key(function, arguments, path: context.path)
                if let known = cache.find(key) { return known }
                let result = try context.machine.call(function, arguments.map(\.value), names: arguments.map(\.name))
                do {
                    try cache.keep(result, key)
                } catch let error as FileError {
                    onFailure(context, error)
                }
                return result
            })
    }
}
