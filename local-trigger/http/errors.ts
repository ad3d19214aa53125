/** An answer that is not a success; thrown anywhere below a route, written in one place (`http/router.ts`), with CORS where the route has it. */
export class HttpError extends Error {
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;

  constructor(
    readonly status: number,
    message: string,
    options: { code?: string; headers?: Record<string, string>; body?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = "HttpError";
    this.headers = options.headers ?? {};
    this.body = { error: message, ...(options.code ? { code: options.code } : {}), ...options.body };
  }
}

export const badRequest = (message: string) => new HttpError(400, message);
export const unauthorized = (message = "Invalid or missing API key or token.") => new HttpError(401, message);
export const forbidden = (message = "This token does not allow that.") => new HttpError(403, message);
export const notFound = (message = "Not found.") => new HttpError(404, message);
