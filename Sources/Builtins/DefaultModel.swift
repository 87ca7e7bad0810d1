import Glibc
import Support

/// The model that comes with the program.
public enum DefaultModel {
    /// Where it is looked for, in order: in `share/skullstrip` beside the folder of the executable; in `models` of the package that the executable was built in.
    static func candidates(executable: String) -> [String] {
        let parts = executable.split(separator: "/")
        guard parts.count >= 2 else { return [] }
        var places = ["/" + (parts.dropLast(2) + ["share", "skullstrip", "default.safetensors"]).joined(separator: "/")]
        if let build = parts.lastIndex(of: ".build") {
            places.append("/" + (parts[..<build] + ["models", "default.safetensors"]).joined(separator: "/"))
        }
        return places
    }

    /// The file's path. Throws `DefaultModelError` where there is none.
    public static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let n = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
        let executable = String(decoding: buffer.prefix(max(0, n)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let places = candidates(executable: executable)
        if let found = places.first(where: FileSystem.exists) { return found }
        throw DefaultModelError(places: places)
    }
}

/// There is no model where one is looked for.
struct DefaultModelError: ExplainedError {
    let places: [String]

    var message: String {
        "no trained model is installed with the program: there is no " + places.map { "\"\($0)\"" }.joined(separator: " and no ")
    }
    var hint: String? {
        "give a model that fit and save made: load(\"brain.safetensors\") in a script, --model brain.safetensors on the command line"
    }
}
