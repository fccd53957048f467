/** The media type that a Content-Type names: without parameters, in lower case (RFC 9110, section 8.3.1). */
export function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0].trim().toLowerCase();
}
