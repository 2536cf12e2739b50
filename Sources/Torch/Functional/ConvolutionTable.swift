import CTorch
import Foundation

/// The table that says which algorithm computes which convolution.
///
/// The choice depends on the sizes, the type, the threads and the instruction set alone. The same table gives the same
/// bits; `lockstep tune` measures and writes one for a machine.
public enum ConvolutionTable {
    /// Where the table in use is from: `built-in`, or the name of its file.
    public static var name: String { String(cString: ct_convolution_table_name()) }

    /// The checksum of the table in use, 16 hexadecimal digits.
    public static var checksum: String { String(cString: ct_convolution_table_checksum()) }

    /// Uses the table in a file, in all of this process; do so before the first convolution.
    ///
    /// - Throws: `TorchError` where the file cannot be read, or a line of it is no entry.
    public static func use(contentsOf file: String) throws {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw TorchError(
                .value,
                "the convolution table \(file) cannot be read: \(error.localizedDescription) Write one with `lockstep tune "
                    + "--output \(file)`.")
        }
        guard ct_convolution_table_use(text, file) else { throw TorchError.last("reading the convolution table") }
    }
}
