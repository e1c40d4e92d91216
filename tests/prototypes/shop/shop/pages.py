from flask import Blueprint

bp = Blueprint('pages', __name__)


@bp.route('/')
def home():
    return '<h1>Shop</h1>'


@bp.route('/crash')
def crash():
    return {}['missing']
