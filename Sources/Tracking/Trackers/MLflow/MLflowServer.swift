import Foundation
import FoundationNetworking
import Synchronization

/// An MLflow server, spoken to over its REST interface, one request at a time.
struct MLflowServer: Sendable {
    /// How long a request may take.
    private static let patience: TimeInterval = 10

    let address: URL
    private let authorization: String?
    private let session: URLSession

    /// The server at an address such as `http://127.0.0.1:5000`.
    ///
    /// - Parameter environment: Where credentials come from: `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and
    ///   `MLFLOW_TRACKING_PASSWORD`.
    init(_ address: URL, environment: [String: String]) {
        self.address = address
        if let token = environment["MLFLOW_TRACKING_TOKEN"] {
            authorization = "Bearer \(token)"
        } else if let user = environment["MLFLOW_TRACKING_USERNAME"] {
            let pair = "\(user):\(environment["MLFLOW_TRACKING_PASSWORD"] ?? "")"
            authorization = "Basic \(Data(pair.utf8).base64EncodedString())"
        } else {
            authorization = nil
        }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = Self.patience
        configuration.timeoutIntervalForResource = Self.patience
        session = URLSession(configuration: configuration)
    }

    /// Lets the connections go.
    func close() { session.finishTasksAndInvalidate() }

    /// An answer that is an error: MLflow's own code and text.
    struct Refusal: Decodable {
        let errorCode: String?
        let message: String?
    }

    /// Asks for something; nil where the server has no such thing.
    ///
    /// - Throws: ``TrackingError``.
    func get<Answer: Decodable>(_ call: String, _ query: [String: String], as type: Answer.Type) throws -> Answer? {
        var components = URLComponents(url: endpoint(call), resolvingAgainstBaseURL: false)
        components?.queryItems = query.map { URLQueryItem(name: $0.key, value: $0.value) }
        // A plus sign would be read as a space.
        let query = components?.percentEncodedQuery?.replacing("+", with: "%2B")
        components?.percentEncodedQuery = query
        return try answer(URLRequest(url: components?.url ?? endpoint(call)), as: type)
    }

    /// Sends something.
    ///
    /// - Throws: ``TrackingError``.
    @discardableResult
    func post<Answer: Decodable>(_ call: String, _ body: JSONBytes, as type: Answer.Type) throws -> Answer {
        var request = URLRequest(url: endpoint(call))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(body.bytes)
        guard let answer = try answer(request, as: type) else {
            throw TrackingError(.serverUnavailable, "\(address) does not have what \(call) is about.")
        }
        return answer
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private func endpoint(_ call: String) -> URL { address.appendingPathComponent("api/2.0/mlflow/\(call)") }

    private func answer<Answer: Decodable>(_ request: URLRequest, as type: Answer.Type) throws -> Answer? {
        var request = request
        if let authorization { request.setValue(authorization, forHTTPHeaderField: "Authorization") }
        let (data, status) = try exchange(request)
        let path = request.url?.path ?? ""
        guard status == 200 else {
            let refusal = try? Self.decoder.decode(Refusal.self, from: data)
            if status == 404, refusal?.errorCode == "RESOURCE_DOES_NOT_EXIST" { return nil }
            throw error(status, refusal, path)
        }
        do {
            return try Self.decoder.decode(type, from: data)
        } catch {
            throw TrackingError(
                .serverUnavailable,
                "\(address) answered \(path) with something else than MLflow does: is another server listening there?",
                cause: error)
        }
    }

    private func error(_ status: Int, _ refusal: Refusal?, _ path: String) -> TrackingError {
        let text = "\(address) answered \(path) with status \(status): \(refusal?.message ?? "no text")"
        switch status {
        case 401, 403:
            return TrackingError(
                .serverUnavailable,
                "\(text). Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.")
        case 400, 413, 422: return TrackingError(.pointsRefused, text)
        case 404:
            return TrackingError(
                .serverUnavailable, "\(text). Check the address: it is that of the server's start page.")
        default: return TrackingError(.serverUnavailable, text)
        }
    }

    /// Sends a request and waits for the answer, on the tracker's own thread.
    private func exchange(_ request: URLRequest) throws -> (Data, status: Int) {
        let exchange = Exchange()
        let task = session.dataTask(with: request) { data, response, error in
            exchange.result.withLock { $0 = (data ?? Data(), (response as? HTTPURLResponse)?.statusCode, error) }
            exchange.done.signal()
        }
        task.resume()
        if exchange.done.wait(timeout: .now() + Self.patience + 5) == .timedOut { task.cancel() }
        let (data, status, error) = exchange.result.withLock { $0 } ?? (Data(), nil, nil)
        guard let status else {
            throw TrackingError(
                .serverUnavailable,
                "\(address) does not answer: \(error?.localizedDescription ?? "no response"). "
                    + "Check the address, and whether the server runs.", cause: error)
        }
        return (data, status)
    }

    /// What a request's completion and the thread that waits for it share.
    private final class Exchange: Sendable {
        let result = Mutex<(Data, Int?, (any Error)?)?>(nil)
        let done = DispatchSemaphore(value: 0)
    }
}
