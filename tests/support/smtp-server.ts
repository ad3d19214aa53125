import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export interface Mail {
  from: string;
  to: string[];
  /** The mail as it was sent, soft line breaks of quoted-printable undone. */
  text: string;
}

/** A mail server that takes everything and keeps it. */
export class SmtpServer {
  readonly mails: Mail[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((socket) => this.talk(socket));
  }

  static async start(): Promise<SmtpServer> {
    const smtp = new SmtpServer();
    smtp.server.listen(0, "127.0.0.1");
    await once(smtp.server, "listening");
    return smtp;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, "close");
  }

  private talk(socket: Socket): void {
    let buffer = "";
    let body: string[] | null = null;
    let mail: Mail = { from: "", to: [], text: "" };
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const take = (line: string): void => {
      if (body) {
        if (line !== ".") return void body.push(line.replace(/^\.\./, "."));
        const text = body.join("\n").replace(/=\n/g, "").replace(/=3D/g, "=");
        this.mails.push({ ...mail, text });
        [body, mail] = [null, { from: "", to: [], text: "" }];
        return say("250 kept");
      }
      const address = /<(.*?)>/.exec(line)?.[1] ?? "";
      if (/^MAIL FROM/i.test(line)) mail.from = address;
      if (/^RCPT TO/i.test(line)) mail.to.push(address);
      if (/^DATA/i.test(line)) {
        body = [];
        return say("354 go on");
      }
      say(/^QUIT/i.test(line) ? "221 bye" : "250 ok");
    };
    socket.setEncoding("utf8").on("error", () => undefined);
    socket.on("data", (piece: string) => {
      buffer += piece;
      for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        take(line);
      }
    });
    say("220 here");
  }
}
