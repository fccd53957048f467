"""Whole numbers as the page has them (its opening), and the refusals of all parts."""


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def u32(value):
    return value & 0xFFFFFFFF


def i32(value):
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def rotl(value, bits):
    return u32(value << bits) | value >> (32 - bits)


def fold(h):
    return h ^ h >> 15


def steps_reached(value, steps):
    return sum(value >= step for step in steps)
