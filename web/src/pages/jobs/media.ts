/** Which files are videos and photos, by what their names and types say. The server looks at the bytes. Pure. */

const VIDEO = /\.(mp4|m4v|mov|qt|mkv|webm|avi|wmv|asf|flv|mpe?g|m2v|mts|m2ts|ts|vob|3gp|3g2|ogv|mxf|mjpe?g|h264|264|hevc|h265|265|ivf|y4m|dv|rm|rmvb)$/i;
const PHOTO = /\.(jpe?g|jfif|png|webp|bmp|dib|tiff?|gif|avif|heic|heif|jxl|jp2|j2k)$/i;

export type MediaKind = "video" | "photo";

export function mediaKindOf(name: string): MediaKind | null {
  if (VIDEO.test(name)) return "video";
  return PHOTO.test(name) ? "photo" : null;
}

/** Whether a file of this device is worth sending. */
export function isMedia(file: Pick<File, "name" | "type">): boolean {
  return mediaKindOf(file.name) !== null || file.type.startsWith("video/") || file.type.startsWith("image/");
}

/** For `<input type="file" accept>`: containers that browsers have no type for are named. */
export const ACCEPT = "video/*,image/*,.mkv,.ts,.m2ts,.mts,.mxf,.h264,.hevc,.ivf,.y4m,.heic,.jxl";
