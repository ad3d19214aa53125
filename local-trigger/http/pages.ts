import type { RequestContext } from "./router.ts";

/** A page of a list, counted from 1. */
export type Page = { page: number; perPage: number };

const PER_PAGE = 25;
const MOST_PER_PAGE = 100;

/** `?page=&perPage=`; what is no number counts as not given. */
export function pageOf(c: RequestContext): Page {
  const number = (name: string, otherwise: number) => {
    const value = Number(c.url.searchParams.get(name) ?? otherwise);
    return Number.isInteger(value) && value > 0 ? value : otherwise;
  };
  return { page: number("page", 1), perPage: Math.min(number("perPage", PER_PAGE), MOST_PER_PAGE) };
}

export function pagination({ page, perPage }: Page, count: number) {
  return { currentPage: page, totalPages: Math.max(1, Math.ceil(count / perPage)), count };
}
