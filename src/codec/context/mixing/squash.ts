/** Steps of the logistic domain: 256 to one nat. Values go from -2047 to 2047. */
export const MAX_STRETCH = 2047;
